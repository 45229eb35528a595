#!/bin/sh
# Runs build.ps1: under PowerShell 7.6 or later when there is one, else under DalpHa.Runner, which this script builds first.
set -eu
root=$(cd "$(dirname "$0")" && pwd)
cd "$root"

if ! command -v dotnet >/dev/null 2>&1; then
    echo "The .NET 10 SDK is needed: https://dotnet.microsoft.com/download" >&2
    exit 2
fi
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

if command -v pwsh >/dev/null 2>&1 && pwsh -NoProfile -Command 'exit [int]($PSVersionTable.PSVersion -lt [version]"7.6")'; then
    exec pwsh -NoProfile -File "$root/build.ps1" "$@"
fi

runner=$root/src/DalpHa.Runner/bin/Release/net10.0/DalpHa.Runner
if [ ! -x "$runner" ] || [ -n "$(find src/DalpHa.Runner Directory.Build.props Directory.Packages.props -newer "$runner.dll" \( -name '*.cs' -o -name '*.props' -o -name '*.csproj' \) -not -path '*/obj/*' -print -quit)" ]; then
    dotnet build src/DalpHa.Runner --configuration Release --verbosity quiet --nologo -clp:ErrorsOnly
fi
exec "$runner" -NoModule -NonInteractive -File "$root/build.ps1" "$@"
