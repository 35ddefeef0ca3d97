# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

DESCRIPTION="Needs a package that does not compile"
HOMEPAGE="https://example.org/on-broken"
S="${WORKDIR}"
LICENSE="metapackage"
SLOT="0"
KEYWORDS="amd64 arm64"

RDEPEND="app-demo/broken"
