@{
    RootModule           = 'module/bin/DalpHa.dll'
    ModuleVersion        = '0.1.0'
    GUID                 = '5f0c4be4-7f5e-4f0c-9c52-8d6a3c0b7b1e'
    Author               = 'The DalpHa authors'
    CompanyName          = 'DalpHa'
    Copyright            = '(c) The DalpHa authors. Apache-2.0.'
    Description          = 'Keeps the warm standby of a digital-asset platform honest, and fails over to it safely.'
    PowerShellVersion    = '7.6'
    CompatiblePSEditions = @('Core')
    FormatsToProcess     = @(
        'module/formats/Documents.Format.ps1xml'
        'module/formats/Failover.Format.ps1xml'
        'module/formats/Lab.Format.ps1xml'
        'module/formats/Readiness.Format.ps1xml'
        'module/formats/Replication.Format.ps1xml'
        'module/formats/Topology.Format.ps1xml'
    )
    FunctionsToExport    = @()
    AliasesToExport      = @()
    VariablesToExport    = @()
    CmdletsToExport      = @(
        'Compare-DalpDatabase'
        'Get-DalpFailover'
        'Get-DalpLab'
        'Get-DalpRecoveryPoint'
        'Get-DalpReplicationLag'
        'Get-DalpRunbook'
        'Get-DalpTopology'
        'Invoke-DalpFailover'
        'Invoke-DalpLabFault'
        'Invoke-DalpPromotion'
        'New-DalpFailoverPlan'
        'New-DalpRunbook'
        'New-DalpTopology'
        'Protect-DalpSite'
        'Restore-DalpStandby'
        'Resume-DalpFailover'
        'Resume-DalpWrite'
        'Start-DalpLab'
        'Start-DalpWorkload'
        'Stop-DalpLab'
        'Stop-DalpWorkload'
        'Suspend-DalpWrite'
        'Test-DalpRunbook'
        'Test-DalpStandby'
        'Test-DalpTopology'
        'Unprotect-DalpSite'
        'Use-DalpTopology'
        'Watch-DalpReplicationLag'
    )
    PrivateData          = @{
        PSData = @{
            Tags       = @('Kubernetes', 'PostgreSQL', 'DisasterRecovery', 'Failover', 'Blockchain', 'PSEdition_Core', 'Windows', 'Linux', 'MacOS')
            LicenseUri = 'https://www.apache.org/licenses/LICENSE-2.0'
        }
    }
}
