# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

DESCRIPTION="In slot 1"
LICENSE="GPL-2+"
SLOT="1"
KEYWORDS="amd64 arm64"

S=${WORKDIR}

src_install() {
	exeinto /usr/bin
	printf '#!/bin/sh\necho "%s"\n' "${PF}" > "${T}/${PN}" || die
	doexe "${T}/${PN}"
}
