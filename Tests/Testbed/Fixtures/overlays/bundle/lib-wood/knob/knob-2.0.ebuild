# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

DESCRIPTION="A knob; needs the drawer afterwards"
LICENSE="GPL-2+"
SLOT="0"
KEYWORDS="amd64 arm64"
PDEPEND="lib-wood/drawer"

S=${WORKDIR}

src_install() {
	exeinto /usr/bin
	printf '#!/bin/sh\necho "%s"\n' "${PF}" > "${T}/${PN}" || die
	doexe "${T}/${PN}"
}
