#Requires -Version 7.6
#Requires -Modules DalpHa, @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . $PSScriptRoot/Drill.ps1
    $lab = Start-Drill replication
    Use-DalpTopology $lab.TopologyPath
    Watch-DalpReplicationLag -Until Healthy -Interval 0.2 | Out-Null
}

AfterAll {
    Stop-Drill
}

Describe 'The lag of a standby' {
    AfterEach {
        (Get-DalpLab replication).Faults | Invoke-DalpLabFault -Undo
        Watch-DalpReplicationLag -Until Healthy -Interval 0.2 | Out-Null
    }

    It 'is measured against the primary while both write' {
        $lag = Get-DalpReplicationLag
        $lag.Link | Should -Be 'Streaming'
        $lag.Status | Should -Be 'Pass'
        $lag.PrimaryLsn | Should -BeGreaterOrEqual $lag.ReplayLsn
        $lag.LagTime | Should -BeLessThan $lag.Threshold.Warn
    }

    It 'is never 0 on a cut link, and its last healthy time stays' {
        $lab | Invoke-DalpLabFault ReplicationLinkCut
        $cut = Wait-Answer { Get-DalpReplicationLag | Where-Object Link -EQ Broken }

        $later = Watch-DalpReplicationLag -Interval 0.5 -Count 3

        $later.Status | Should -Not -Contain 'Pass'
        foreach ($moment in $later) {
            $moment.LagTime | Should -BeNullOrEmpty -Because 'nobody can know it'
            $moment.LagBytes | Should -BeGreaterThan 0
        }
        $later[-1].LagBytes | Should -BeGreaterThan $cut.LagBytes -Because 'the primary goes on writing'
        $later.LastHealthyAt | Sort-Object -Unique | Should -Be $cut.LastHealthyAt
    }

    It 'grows while replay is paused, and nothing would be lost by it' {
        $lab | Invoke-DalpLabFault ReplayPaused
        $paused = Wait-Answer { Get-DalpReplicationLag | Where-Object Status -NE Pass }

        $later = Wait-Answer { Get-DalpReplicationLag | Where-Object ReplayLagBytes -GT $paused.ReplayLagBytes }

        $later.LagTime | Should -BeGreaterThan $paused.LagTime
        $later.ReceiveLsn | Should -BeGreaterThan $later.ReplayLsn
    }

    It 'is unknown, not 0, when the standby is gone' {
        $lab | Invoke-DalpLabFault StandbyDatabaseKilled
        $gone = Wait-Answer { Get-DalpReplicationLag -TimeoutSeconds 3 | Where-Object Status -NE Pass }
        $gone.LagBytes | Should -BeNullOrEmpty
        $gone.LagTime | Should -BeNullOrEmpty
        $gone.LastHealthyAt | Should -Not -BeNullOrEmpty
    }
}

Describe 'Watching' {
    It 'tells each moment of a standby that goes and comes back' {
        $lab | Invoke-DalpLabFault ReplicationLinkCut
        $down = @(Watch-DalpReplicationLag -Until Unhealthy -Interval 0.2)
        $lab | Invoke-DalpLabFault ReplicationLinkCut -Undo
        $up = @(Watch-DalpReplicationLag -Until Healthy -Interval 0.2)

        $down[-1].Status | Should -Not -Be 'Pass'
        $up[-1].Status | Should -Be 'Pass'
        $up[-1].LastHealthyAt | Should -BeGreaterThan $down[-1].LastHealthyAt
    }

    It 'stops where the next in the pipeline has enough' {
        Watch-DalpReplicationLag -Interval 0.2 | Select-Object -First 2 | Should -HaveCount 2
    }
}
