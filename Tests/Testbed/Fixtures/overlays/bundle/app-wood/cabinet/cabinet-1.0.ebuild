# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

DESCRIPTION="Needs three packages of its overlay and one of the tree"
LICENSE="GPL-2+"
SLOT="0"
KEYWORDS="amd64 arm64"
IUSE="+brass gilded"
RDEPEND="
	lib-wood/drawer:2
	lib-demo/alpha
	brass? ( || ( lib-wood/nowhere >=lib-wood/knob-1 ) )
	gilded? ( lib-wood/gold )
"
BDEPEND=">=lib-wood/plane-1.5[sharp]"

S=${WORKDIR}

src_install() {
	exeinto /usr/bin
	printf '#!/bin/sh\necho "%s"\n' "${PF}" > "${T}/${PN}" || die
	doexe "${T}/${PN}"
}
