<#
.SYNOPSIS
Runs the drills under one version of Pester, and writes an NUnit report.
#>
param(
    # The folder of the Pester to run under.
    [Parameter(Mandatory)] [string] $Pester,

    # The folder in which the module DalpHa is, as in PSModulePath.
    [Parameter(Mandatory)] [string] $Modules,

    [Parameter(Mandatory)] [string] $Report
)
$ErrorActionPreference = 'Stop'
$env:PSModulePath = $Modules + [IO.Path]::PathSeparator + $env:PSModulePath
Import-Module "$Pester/Pester.psd1"
$settings = New-PesterConfiguration
$settings.Run.Path = $PSScriptRoot
$settings.Run.PassThru = $true
$settings.Output.Verbosity = 'Detailed'
$settings.Output.RenderMode = 'Plaintext'
$settings.TestResult.Enabled = $true
$settings.TestResult.OutputPath = $Report
$run = Invoke-Pester -Configuration $settings
exit [int]($run.Result -ne 'Passed')
