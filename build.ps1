<#
.SYNOPSIS
Builds, tests, shows and packs DalpHa.
.DESCRIPTION
Runs under PowerShell 7.6 on every platform, and under DalpHa.Runner, which has the engine but not the Utility and Management modules:
so this script keeps to the language, the core cmdlets and .NET.
.PARAMETER Task
Build: compile, and put the module together so that Import-Module ./DalpHa.psd1 works.
Test: build, and run all suites. The last line is 'N passed, N failed, N skipped'. The suites on a real kube-apiserver need what Envtest makes.
Envtest: make etcd, kube-apiserver and kube-controller-manager, once, into the user's cache (Debian 12; elsewhere KUBEBUILDER_ASSETS names them).
Tools: fetch the pinned PowerShell and Pester that the drills run under. Without them Test skips the drills.
Demo: build, and show a lab's standby going cold and coming back, and a failover after the active region was lost.
Bench: pack, compile to native code, measure readiness on a real kube-apiserver and failover beside repmgr and Patroni, and write docs/benchmarks.md.
Pack: build, and write the module to out/.
Native: pack, and write the module once more, with the Runner, compiled to native code for this platform, to out/native/.
Clean: remove everything that the other tasks made.
#>
param(
    [ValidateSet('Build', 'Test', 'Envtest', 'Tools', 'Demo', 'Bench', 'Pack', 'Native', 'Clean')]
    [string] $Task = 'Build',

    # Runs only the suites, or the benchmarks, whose name contains this.
    [string] $Suite = ''
)
$ErrorActionPreference = 'Stop'
$root = $PSScriptRoot
$version = '0.1.0'
$platform = [Runtime.InteropServices.RuntimeInformation]::RuntimeIdentifier
$native = "$root/out/native/DalpHa/$version"

function Write-Step([string] $Text) {
    $Host.UI.WriteLine("== $Text")
}

# Runs a program and stops the build when it fails.
function Invoke-Program([string] $Name, [string[]] $Arguments) {
    & $Name @Arguments | Out-Host
    if ($LASTEXITCODE -ne 0) {
        throw "$Name $($Arguments -join ' ') ended with exit code $LASTEXITCODE."
    }
}

function Remove-Folder([string] $Path) {
    if ([IO.Directory]::Exists($Path)) {
        [IO.Directory]::Delete($Path, $true)
    }
}

# Copies what is newer or missing, so that a second build touches nothing.
function Copy-Folder([string] $From, [string] $To) {
    foreach ($file in [IO.Directory]::EnumerateFiles($From, '*', 'AllDirectories')) {
        $target = [IO.Path]::Combine($To, [IO.Path]::GetRelativePath($From, $file))
        if (-not [IO.File]::Exists($target) -or [IO.File]::GetLastWriteTimeUtc($file) -ne [IO.File]::GetLastWriteTimeUtc($target)) {
            [void][IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($target))
            # Deleted first: a running process keeps the old file, and does not see a new one written into it.
            [IO.File]::Delete($target)
            [IO.File]::Copy($file, $target)
        }
    }
}

function Build {
    Write-Step 'Build'
    Invoke-Program dotnet @('build', "$root/DalpHa.sln", '--configuration', 'Release', '--verbosity', 'quiet', '--nologo', '-clp:ErrorsOnly')
    $output = 'bin/Release/net10.0'
    foreach ($file in 'DalpHa.dll', 'DalpHa.Core.dll') {
        Copy-One "$root/src/DalpHa/$output/$file" "$root/module/bin/$file"
    }
    Copy-Folder "$root/src/DalpHa.Infrastructure/$output" "$root/module/bin/deps"
    [IO.File]::Delete("$root/module/bin/deps/DalpHa.Core.dll")
    Copy-Folder "$root/src/DalpHa.Lab/$output" "$root/module/lab"
    Invoke-Program dotnet @("$root/src/DalpHa.Help/$output/DalpHa.Help.dll", "$root/DalpHa.psd1", "$root/module/help", "$root/en-US/DalpHa.dll-Help.xml")
}

function Copy-One([string] $From, [string] $To) {
    if (-not [IO.File]::Exists($To) -or [IO.File]::GetLastWriteTimeUtc($From) -ne [IO.File]::GetLastWriteTimeUtc($To)) {
        [void][IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($To))
        [IO.File]::Delete($To)
        [IO.File]::Copy($From, $To)
    }
}

# The lab and the suites run real PostgreSQL servers. Only a Debian's root is helped to them: elsewhere installing is the owner's business.
function Install-PostgreSql {
    $lab = "$root/module/lab/DalpHa.Lab.dll"
    $found = & dotnet $lab find-postgres 2>&1
    if ($LASTEXITCODE -eq 0) {
        return
    }
    if (-not [IO.File]::Exists('/etc/debian_version') -or [Environment]::UserName -ne 'root') {
        foreach ($line in $found) {
            $Host.UI.WriteErrorLine("$line")
        }
        exit 1
    }
    Write-Step 'Install PostgreSQL server binaries (apt-get)'
    # The package would otherwise make and start a server of its own on port 5432.
    $configuration = '/etc/postgresql-common/createcluster.conf'
    if (-not [IO.File]::Exists($configuration)) {
        [void][IO.Directory]::CreateDirectory('/etc/postgresql-common')
        [IO.File]::WriteAllText($configuration, "create_main_cluster = false`n")
    }
    $env:DEBIAN_FRONTEND = 'noninteractive'
    Invoke-Program apt-get @('update', '-qq')
    Invoke-Program apt-get @('install', '-y', '-qq', '--no-install-recommends', 'postgresql')
    Invoke-Program dotnet @($lab, 'find-postgres')
}

# Says beforehand, and not only in each skipped test, that a part of the proof is missing.
function Show-KubeApiServer {
    $found = & dotnet "$root/module/lab/DalpHa.Lab.dll" find-kube-apiserver 2>&1
    if ($LASTEXITCODE -eq 0) {
        Write-Step "A real kube-apiserver: $found"
    }
    else {
        Write-Step 'No real kube-apiserver: the suites on it are skipped'
        foreach ($line in $found) {
            $Host.UI.WriteLine("   $line")
        }
    }
}

# Runs a script of ours in the same kind of engine as this one, with the module imported.
function Invoke-ModuleScript([string] $Path, [string[]] $Arguments = @()) {
    if ($Host.Name -eq 'DalpHa.Runner') {
        & "$root/src/DalpHa.Runner/bin/Release/net10.0/DalpHa.Runner" -File $Path @Arguments | Out-Host
    }
    else {
        & pwsh -NoProfile -Command "Import-Module '$root/DalpHa.psd1'; & '$Path' $Arguments; exit `$LASTEXITCODE" | Out-Host
    }
    if ($LASTEXITCODE -ne 0) {
        throw "$Path ended with exit code $LASTEXITCODE."
    }
}

# PowerShell goes to the user's package cache, as every tool of a manifest, and Pester to out/: neither reaches PATH or a module path.
function Get-Tool {
    Write-Step 'Fetch PowerShell and Pester'
    Invoke-Program dotnet @('tool', 'restore', '--tool-manifest', "$root/.config/dotnet-tools.json")
    Invoke-Program dotnet @('restore', "$root/tests/drills", '--verbosity', 'quiet')
}

# Runs the drills under each pinned Pester, on the packaged module in the pinned PowerShell, and gives the counts.
function Test-Drill([string] $Results) {
    # The manifest of the tools is found from the current folder.
    $location = $ExecutionContext.SessionState.Path
    $before = $location.CurrentLocation
    [void]$location.SetLocation($root)
    try {
        & dotnet tool run pwsh -- -Version 2>&1 | Out-Null
        $fetched = $LASTEXITCODE -eq 0
        foreach ($version in ([xml][IO.File]::ReadAllText("$root/Directory.Packages.props")).Project.PropertyGroup.PesterVersions.Split(';').Trim('[', ']')) {
            $name = "drills (Pester $version)"
            if (-not $name.Contains($Suite)) {
                continue
            }
            Write-Step $name
            $pester = "$root/out/tools/pester/$version/tools"
            if (-not $fetched -or -not [IO.Directory]::Exists($pester)) {
                $Host.UI.WriteLine("Skipped: the pinned PowerShell or Pester $version is not there. './build.sh tools' fetches both.")
                @{ passed = 0; failed = 0; skipped = 1 }
                continue
            }
            $report = "$Results/drills-$version.xml"
            & dotnet tool run pwsh -- -NoProfile -NonInteractive -File "$root/tests/drills/drills.ps1" -Pester $pester -Modules "$root/out" -Report $report | Out-Host
            $code = $LASTEXITCODE
            if (-not [IO.File]::Exists($report)) {
                $Host.UI.WriteErrorLine("$name wrote no report (exit code $code)")
                @{ passed = 0; failed = 1; skipped = 0 }
                continue
            }
            $run = ([xml][IO.File]::ReadAllText($report)).'test-results'
            $failed = [int]$run.failures + [int]$run.errors
            $skipped = [int]$run.skipped + [int]$run.ignored + [int]$run.inconclusive + [int]$run.'not-run'
            $passed = [int]$run.total - $failed - $skipped
            if ($failed -eq 0 -and ($code -ne 0 -or $passed -eq 0)) {
                $Host.UI.WriteErrorLine("$name ended with exit code $code and $passed passed")
                $failed = 1
            }
            @{ passed = $passed; failed = $failed; skipped = $skipped }
        }
    }
    finally {
        [void]$location.SetLocation($before)
    }
}

function Test {
    Install-PostgreSql
    Show-KubeApiServer
    Write-Step 'Test'
    $results = "$root/out/test-results"
    Remove-Folder $results
    [void][IO.Directory]::CreateDirectory($results)
    $count = @{ passed = 0; failed = 0; skipped = 0 }
    $broken = @()
    foreach ($name in 'DalpHa.Core.Tests', 'DalpHa.Infrastructure.Tests', 'DalpHa.Module.Tests') {
        if (-not $name.Contains($Suite)) {
            continue
        }
        Write-Step $name
        $report = "$results/$name.xml"
        & dotnet "$root/tests/$name/bin/Release/net10.0/$name.dll" -result-xml $report -noLogo | Out-Host
        $code = $LASTEXITCODE
        if (-not [IO.File]::Exists($report)) {
            $broken += "$name wrote no report (exit code $code)"
            continue
        }
        $ran = 0
        foreach ($assembly in ([xml][IO.File]::ReadAllText($report)).assemblies.assembly) {
            $count.passed += [int]$assembly.passed
            $count.failed += [int]$assembly.failed + [int]$assembly.errors
            $count.skipped += [int]$assembly.skipped + [int]$assembly.'not-run'
            $ran += [int]$assembly.passed + [int]$assembly.failed
        }
        if ($ran -eq 0) {
            $broken += "$name ran no test"
        }
        elseif ($code -ne 0 -and $count.failed -eq 0) {
            $broken += "$name ended with exit code $code"
        }
    }
    foreach ($run in Test-Drill $results) {
        foreach ($kind in 'passed', 'failed', 'skipped') {
            $count[$kind] += $run[$kind]
        }
    }
    foreach ($reason in $broken) {
        $Host.UI.WriteErrorLine($reason)
        $count.failed++
    }
    $Host.UI.WriteLine("$($count.passed) passed, $($count.failed) failed, $($count.skipped) skipped")
    if ($count.failed -gt 0 -or $count.passed -eq 0) {
        exit 1
    }
}

function Envtest {
    Write-Step 'Make a real kube-apiserver'
    Invoke-Program bash @("$root/tests/envtest/make.sh")
}

function Demo {
    Install-PostgreSql
    Invoke-ModuleScript "$root/examples/demo.ps1"
}

# The benchmarks that are asked for. A name that none has is told before anything is built.
function Select-Benchmark {
    $all = 'readiness', 'failover'
    $asked = @($all | Where-Object { $_.Contains($Suite) })
    if ($asked.Length -eq 0) {
        throw "No benchmark's name contains '$Suite'. There are: $($all -join ', ')."
    }
    $asked
}

# Measured is what is handed out: the package that runs everywhere, and the one that is compiled for this platform.
function Bench([string[]] $Names) {
    Install-PostgreSql
    $runner = [IO.Path]::Combine($native, 'module', 'runner', 'DalpHa.Runner')
    foreach ($name in $Names) {
        Write-Step "Measure $name"
        & $runner -NonInteractive -File "$root/tests/benchmarks/$name.ps1" | Out-Host
        if ($LASTEXITCODE -ne 0) {
            throw "The benchmark of $name ended with exit code $LASTEXITCODE."
        }
    }
}

function Pack {
    $package = "$root/out/DalpHa/$version"
    Remove-Folder $package
    foreach ($file in 'DalpHa.psd1', 'LICENSE', 'README.md', 'CHANGELOG.md') {
        Copy-One "$root/$file" "$package/$file"
    }
    Copy-Folder "$root/module" "$package/module"
    Copy-Folder "$root/en-US" "$package/en-US"
    Copy-Folder "$root/examples" "$package/examples"
    $archive = "$root/out/DalpHa-$version.zip"
    [IO.File]::Delete($archive)
    [IO.Compression.ZipFile]::CreateFromDirectory("$root/out/DalpHa", $archive, 'Optimal', $true)
    Write-Step "Packed $archive"
}

# ReadyToRun images hold native code beside the IL, for one platform; another one refuses to load them. So they are a package of their own.
function Native {
    Write-Step "Compile for $platform"
    Remove-Folder $native
    Copy-Folder "$root/out/DalpHa/$version" $native
    foreach ($part in @('DalpHa', 'bin'), @('DalpHa.Infrastructure', 'bin/deps'), @('DalpHa.Runner', 'runner')) {
        Invoke-Program dotnet @(
            'publish', "$root/src/$($part[0])", '--configuration', 'Release', '--runtime', $platform, '--self-contained', 'false', '-p:PublishReadyToRun=true',
            '-p:GenerateDocumentationFile=false', '-p:DebugType=none', '--output', "$native/module/$($part[1])", '--verbosity', 'quiet', '--nologo', '-clp:ErrorsOnly')
    }
    $archive = "$root/out/DalpHa-$version-$platform.zip"
    [IO.File]::Delete($archive)
    [IO.Compression.ZipFile]::CreateFromDirectory("$root/out/native", $archive, 'Optimal', $false)
    Write-Step "Packed $archive"
}

function Clean {
    # Not the folder of the program that runs this script.
    foreach ($folder in [IO.Directory]::GetDirectories("$root/src") + [IO.Directory]::GetDirectories("$root/tests")) {
        if ([IO.Path]::GetFileName($folder) -ne 'DalpHa.Runner') {
            Remove-Folder "$folder/bin"
            Remove-Folder "$folder/obj"
        }
    }
    Remove-Folder "$root/module/bin"
    Remove-Folder "$root/module/lab"
    Remove-Folder "$root/en-US"
    Remove-Folder "$root/out"
}

switch ($Task) {
    'Clean' { Clean }
    'Build' { Build }
    'Envtest' { Envtest }
    'Pack' { Build; Pack }
    'Tools' { Get-Tool }
    'Demo' { Build; Demo }
    'Native' { Build; Pack; Native }
    'Bench' { $names = Select-Benchmark; Build; Pack; Native; Bench $names }
    'Test' { Build; Pack; Test }
}
