#!/usr/bin/env bash
# Makes etcd, kube-apiserver and kube-controller-manager for the tests and for Start-DalpLab -ApiServer Real, from the source and binary packages
# of Debian 12, into the user's cache. Nothing is installed, apt's configuration and lists stay as they are, and root is not needed.
# Takes about five minutes on two cores and 3 GB of disk, which are given back; what stays is 250 MB.
set -euo pipefail

readonly programs=(etcd kube-apiserver kube-controller-manager)
readonly cache=${XDG_CACHE_HOME:-${HOME:?}/.cache}/dalpha/envtest
readonly began=$SECONDS

say() { printf '[%3d s] %s\n' $((SECONDS - began)) "$*"; }

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

holds_all() {
    local program
    for program in "${programs[@]}"; do
        [ -x "$1/$program" ] || return 1
    done
}

# Prints the folder of programs that were made before.
made_before() {
    local folder
    for folder in "$cache"/[0-9]*; do
        if holds_all "$folder"; then
            printf '%s\n' "$folder"
            return
        fi
    done
    return 1
}

demand_debian() {
    local release
    # shellcheck source=/dev/null
    release=$(. /etc/os-release 2>/dev/null && printf '%s' "${ID:-}-${VERSION_CODENAME:-}") || true
    [ "$release" = debian-bookworm ] || fail \
        "Only Debian 12 has the packages that this builds from; this is ${release:-an unknown system}." \
        "Let KUBEBUILDER_ASSETS name a folder that holds ${programs[*]}."
    local tool
    for tool in apt-get dpkg-deb flock tar; do
        command -v "$tool" >/dev/null || fail "$tool is needed and is not here."
    done
}

# The machine's own sources, with source packages switched on, in folders of our own.
prepare_apt() {
    mkdir -p "$work"/apt/{lists,archives}/partial "$work/apt/parts"
    local file
    for file in /etc/apt/sources.list.d/*.sources; do
        [ -f "$file" ] && sed 's/^Types:.*/Types: deb deb-src/' "$file" >"$work/apt/parts/$(basename "$file")"
    done
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ -f "$file" ] && sed -n '/^deb /{p;s/^deb /deb-src /p}' "$file"
    done >"$work/apt/sources.list" || true
    cat >"$work/apt/apt.conf" <<EOF
Dir::Etc::SourceList "$work/apt/sources.list";
Dir::Etc::SourceParts "$work/apt/parts";
Dir::State::Lists "$work/apt/lists";
Dir::Cache "$work/apt";
APT::Sandbox::User "$(id -un)";
Acquire::Retries "3";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
EOF
    export APT_CONFIG=$work/apt/apt.conf
}

download() {
    mkdir "$work/packages"
    cd "$work/packages"
    apt-get -qq update
    apt-get -qq source --download-only kubernetes
    apt-get -qq download golang-1.19-go golang-1.19-src etcd-server golang-github-modern-go-reflect2-dev
    say 'downloaded'
}

unpack() {
    local package
    for package in golang-1.19-*.deb etcd-server_*.deb golang-github-modern-go-reflect2-dev_*.deb; do
        dpkg-deb --extract "$package" "$work/root"
    done
    mkdir -p "$source"
    tar --extract --gzip --file kubernetes_*.orig.tar.gz --directory "$source" --strip-components=1
    # The bundled copy walks maps in a way that breaks with Go 1.18 and later; Debian's own is newer.
    local reflect2=vendor/github.com/modern-go/reflect2
    rm -f "$source/$reflect2"/*.{go,s}
    cp "$work"/root/usr/share/gocode/src/github.com/modern-go/reflect2/*.{go,s} "$source/$reflect2/"
    say 'unpacked'
}

# As 1.20.2, from a name like kubernetes_1.20.5+really1.20.2.orig.tar.gz.
version_of_source() {
    local name
    name=$(basename "$work"/packages/kubernetes_*.orig.tar.gz .orig.tar.gz)
    name=${name#kubernetes_}
    printf '%s\n' "${name##*really}"
}

use_go() {
    export GOROOT=$work/root/usr/lib/go-1.19 GOPATH=$work/gopath GOCACHE=$work/gocache GOTMPDIR=$work
    export PATH=$GOROOT/bin:$PATH CGO_ENABLED=0 GO111MODULE=off GOFLAGS='' GOPROXY=off
}

# The one part of the source that is made at build time.
generate_openapi() {
    local inputs rules=api/api-rules/violation_exceptions.list
    go build -o "$work/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
    inputs=$(grep --recursive --files-with-matches --include='*.go' '+k8s:openapi-gen=' pkg cmd plugin staging/src/k8s.io |
        grep -v -e _test.go -e '^staging/src/k8s.io/code-generator/' -e '^staging/src/k8s.io/sample-apiserver/' -e pkg/generated |
        xargs -n1 dirname | LC_ALL=C sort -u | sed 's#^staging/src/#vendor/#; s#^#k8s.io/kubernetes/#' | paste -sd,)
    "$work/openapi-gen" --logtostderr --input-dirs "$inputs" --output-package k8s.io/kubernetes/pkg/generated/openapi \
        --output-file-base zz_generated.openapi --go-header-file vendor/k8s.io/code-generator/hack/boilerplate.go.txt --report-filename "$work/violations"
    cmp "$work/violations" $rules || fail 'The API description that was generated is not the one that this version of Kubernetes has.'
    say 'API description generated'
}

# What a program answers to --version is set by the linker.
linker_flags() {
    local version=$1 package field flags='-s -w'
    for package in component-base/version client-go/pkg/version; do
        for field in "gitVersion=v$version" "gitMajor=${version%%.*}" "gitMinor=$(cut -d. -f2 <<<"$version")" gitTreeState=archive; do
            flags+=" -X k8s.io/kubernetes/vendor/k8s.io/$package.$field"
        done
    done
    printf '%s\n' "$flags"
}

compile() {
    mkdir "$work/made"
    cp "$work/root/usr/bin/etcd" "$work/made/"
    go build -trimpath -ldflags "$(linker_flags "$1")" -o "$work/made/" ./cmd/kube-apiserver ./cmd/kube-controller-manager
    say 'compiled'
}

# A folder appears under its version complete or not at all.
publish() {
    local version=$1 said
    said=$("$work/made/kube-apiserver" --version)
    [ "$said" = "Kubernetes v$version" ] || fail "kube-apiserver was made from $version and says '$said'."
    "$work/made/kube-controller-manager" --version >/dev/null
    "$work/made/etcd" --version >/dev/null
    rm -rf "${cache:?}/$version"
    mv --no-target-directory "$work/made" "$cache/$version"
    say "made: $cache/$version"
}

if [ -n "${KUBEBUILDER_ASSETS:-}" ]; then
    holds_all "$KUBEBUILDER_ASSETS" || fail "KUBEBUILDER_ASSETS names '$KUBEBUILDER_ASSETS', which does not hold ${programs[*]}."
    say "given by KUBEBUILDER_ASSETS: $KUBEBUILDER_ASSETS"
    exit
fi
if folder=$(made_before); then
    say "made before: $folder"
    exit
fi
demand_debian
mkdir -p "$cache"
exec 9>"$cache/.lock"
flock --nonblock 9 || { say 'waiting for another that makes them'; flock --timeout 3600 9 || fail 'The other did not end within an hour.'; }
if folder=$(made_before); then
    say "made meanwhile: $folder"
    exit
fi
# Whoever left these was interrupted: the lock is ours.
rm -rf "$cache"/.making.*
work=$(mktemp --directory "$cache/.making.XXXXXX")
readonly work source=$work/gopath/src/k8s.io/kubernetes
trap 'cd /; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

prepare_apt
download
unpack
version=$(version_of_source)
use_go
cd "$source"
generate_openapi
compile "$version"
publish "$version"
