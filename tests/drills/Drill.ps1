# What every drill needs: a lab of its own, and patience with a bound.

function Start-Drill([string] $Name) {
    $env:DALPHA_STATE = (Get-Item TestDrive:).FullName
    Start-DalpLab $Name -StopWithSession -WriteLoad 20
}

function Stop-Drill {
    Get-DalpLab | Stop-DalpLab
    $env:DALPHA_STATE = $null
}

# Asks until there is an answer: controllers and servers need a moment, as they do on a real site.
function Wait-Answer([scriptblock] $Ask, [int] $Seconds = 30) {
    $clock = [Diagnostics.Stopwatch]::StartNew()
    do {
        $answer = & $Ask
        if ($answer) {
            return $answer
        }
        Start-Sleep -Milliseconds 200
    } until ($clock.Elapsed.TotalSeconds -gt $Seconds)
    throw "No answer within $Seconds s: $Ask"
}
