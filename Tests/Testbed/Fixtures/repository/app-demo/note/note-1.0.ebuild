# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

DESCRIPTION="A package without sources"
HOMEPAGE="https://example.org/note"
S="${WORKDIR}"
LICENSE="GPL-2+"
SLOT="0"
KEYWORDS="amd64 arm64"

src_install() {
	insinto /usr/share/note
	newins - text <<< "a note"
}
