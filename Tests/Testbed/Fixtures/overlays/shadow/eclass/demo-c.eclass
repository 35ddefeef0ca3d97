# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

# @ECLASS: demo-c.eclass
# @MAINTAINER: Portmanteau authors
# @SUPPORTED_EAPIS: 8
# @BLURB: has the name of an eclass of the tree
# @DESCRIPTION: packages of this overlay get it, all others get the tree's

case ${EAPI} in
	8) ;;
	*) die "${ECLASS}: EAPI ${EAPI:-0} not supported" ;;
esac

S=${WORKDIR}

demo-c_src_install() {
	exeinto /usr/bin
	printf '#!/bin/sh\necho "the shadow eclass"\n' > "${T}/${PN}" || die
	doexe "${T}/${PN}"
}

EXPORT_FUNCTIONS src_install
