#Requires -Version 7.6
#Requires -Modules DalpHa, @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . $PSScriptRoot/Drill.ps1
    $lab = Start-Drill faults
}

AfterAll {
    Stop-Drill
}

Describe 'A lab' {
    It 'is one pipeline away from an answer' {
        Wait-Answer { Get-DalpLab faults | Test-DalpStandby -Quiet } | Should -BeTrue
        (Get-DalpLab faults | Get-DalpTopology).Path | Should -Be $lab.TopologyPath
    }

    It 'starts nothing with -WhatIf' {
        Start-DalpLab other -WhatIf
        (Get-DalpLab).Name | Should -Be 'faults'
    }

    It 'names the port that is in use, and leaves nothing behind' {
        $listener = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
        $listener.Start()
        try {
            $port = $listener.LocalEndpoint.Port
            { Start-DalpLab other -Port $port } | Should -Throw "*$port*" -ErrorId '*,DalpHa.Commands.Lab.StartDalpLabCommand'
        }
        finally {
            $listener.Stop()
        }
        (Get-DalpLab).Name | Should -Be 'faults'
    }

    It 'that is not there is one error, and the session goes on' {
        Get-DalpLab nowhere -ErrorVariable told -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $told | Should -HaveCount 1
        $told[0].FullyQualifiedErrorId | Should -BeLike 'LabNotFound,*'
        $told[0].ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
    }
}

Describe 'A fault' {
    It 'is in force once, told by the lab, and over once' {
        ($lab | Invoke-DalpLabFault MissingSecret).State | Should -Be 'Injected'
        ($lab | Invoke-DalpLabFault MissingSecret).State | Should -Be 'AlreadyInjected'
        (Get-DalpLab faults).Faults | Should -HaveCount 1

        $undone = (Get-DalpLab faults).Faults | Invoke-DalpLabFault -Undo
        $undone.State | Should -Be 'Undone'
        ($undone | Invoke-DalpLabFault -Undo).State | Should -Be 'NotInjected'
        (Get-DalpLab faults).Faults | Should -BeNullOrEmpty
    }

    It 'is not injected with -WhatIf' {
        $lab | Invoke-DalpLabFault MissingSecret -WhatIf
        (Get-DalpLab faults).Faults | Should -BeNullOrEmpty
    }
}

Describe 'A lab that is stopped' {
    It 'leaves neither a process nor a file' {
        $short = Start-DalpLab short
        $stopped = Stop-DalpLab short -PassThru

        $stopped.State | Should -Be 'Stopped'
        Test-Path $short.Folder | Should -BeFalse
        Wait-Answer { -not (Get-Process -Id $short.ProcessId -ErrorAction SilentlyContinue) } | Should -BeTrue
        (Get-DalpLab).Name | Should -Be 'faults'
    }
}
