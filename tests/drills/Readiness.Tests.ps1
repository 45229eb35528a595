#Requires -Version 7.6
#Requires -Modules DalpHa, @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . $PSScriptRoot/Drill.ps1
    $lab = Start-Drill readiness
    $topology = Get-DalpTopology $lab.TopologyPath
}

AfterAll {
    Stop-Drill
}

Describe 'A healthy pair' {
    It 'is Warm, and nothing is left to look at' {
        $verdict = Wait-Answer { $topology | Test-DalpStandby -Summary | Where-Object Verdict -EQ Warm }
        $verdict.Reasons | Should -BeNullOrEmpty
        $topology | Test-DalpStandby | Where-Object Status -NE Pass | Should -BeNullOrEmpty
        $topology | Test-DalpStandby -Quiet | Should -BeTrue
    }

    It 'is not Warm by some of the checks' {
        ($topology | Test-DalpStandby -Check ApiReachable, RequiredSecrets -Summary).Verdict | Should -Be 'Unknown'
    }

    It 'can be handed on: as JSON, as CSV, as a table of 120 columns' {
        $findings = $topology | Test-DalpStandby

        $read = $findings | ConvertTo-Json -EnumsAsStrings | ConvertFrom-Json
        $read | Should -HaveCount $findings.Count
        $read[0].Status | Should -Be 'Pass'

        $findings | Export-Csv TestDrive:/findings.csv
        (Import-Csv TestDrive:/findings.csv | Group-Object Status -NoElement).Name | Should -Be 'Pass'

        ($findings | Out-String -Width 120) -split '\r?\n' | Where-Object Length -GT 120 | Should -BeNullOrEmpty
    }
}

Describe 'A standby that is not what it should be' {
    BeforeEach {
        Wait-Answer { $topology | Test-DalpStandby -Quiet } | Out-Null
    }

    AfterEach {
        (Get-DalpLab readiness).Faults | Invoke-DalpLabFault -Undo
    }

    It 'is NotWarm after <fault>, and says which: <says>' -ForEach @(
        @{ Fault = 'DifferentSecret'; Check = 'RequiredSecrets'; Says = 'Secret/dalp-db*password*' }
        @{ Fault = 'ImageDrift'; Check = 'ImageParity'; Says = 'Deployment/dalp-dapp*' }
        @{ Fault = 'ExpiredCertificate'; Check = 'Certificates'; Says = 'Secret/dalp-tls*' }
        @{ Fault = 'NodeLoss'; Check = 'StandbyWorkloads'; Says = '*' }
    ) {
        $lab | Invoke-DalpLabFault $fault

        $verdict = Wait-Answer { $topology | Test-DalpStandby -Summary | Where-Object { $_.Verdict -eq 'NotWarm' -and $_.Reasons -like "$check *" } }

        $verdict.Reasons | Where-Object { $_ -like "$check * $says" } | Should -Not -BeNullOrEmpty
        $finding = $topology | Test-DalpStandby -Check $check | Where-Object Status -EQ Fail | Select-Object -First 1
        $finding.Remediation | Should -Not -BeNullOrEmpty
        $topology | Test-DalpStandby -Quiet | Should -BeFalse
    }
}

Describe 'A site that does not answer' {
    BeforeAll {
        Wait-Answer { $topology | Test-DalpStandby -Quiet } | Out-Null
        $lab | Invoke-DalpLabFault ApiHung -Site Standby
        $findings = $topology | Test-DalpStandby -TimeoutSeconds 2
    }

    AfterAll {
        $lab | Invoke-DalpLabFault ApiHung -Site Standby -Undo
    }

    It 'is Unknown, with why and what to do' {
        $unreachable = $findings | Where-Object { $_.Check -eq 'ApiReachable' -and $_.Site -eq $topology.Standby.Name }
        $unreachable.Status | Should -Be 'Unknown'
        $unreachable.Detail | Should -Not -BeNullOrEmpty
        $unreachable.Remediation | Should -Not -BeNullOrEmpty
    }

    It 'leaves the other site seen' {
        ($findings | Where-Object { $_.Check -eq 'ApiReachable' -and $_.Site -eq $topology.Active.Name }).Status | Should -Be 'Pass'
    }

    It 'is never fine' {
        $topology | Test-DalpStandby -TimeoutSeconds 2 -Quiet | Should -BeFalse
        ($topology | Test-DalpStandby -TimeoutSeconds 2 -Summary).Verdict | Should -Be 'Unknown'
    }
}
