# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

# @ECLASS: thread.eclass
# @MAINTAINER: Portmanteau authors
# @SUPPORTED_EAPIS: 8
# @BLURB: installs a script that names the eclasses it came through
# @DESCRIPTION: the far end of a chain of eclasses

case ${EAPI} in
	8) ;;
	*) die "${ECLASS}: EAPI ${EAPI:-0} not supported" ;;
esac

LICENSE="Spun-1"
SLOT="0"
KEYWORDS="amd64 arm64"
S=${WORKDIR}

# @FUNCTION: thread_doscript
# @DESCRIPTION: installs a script of the package's name that prints the arguments.
thread_doscript() {
	printf '#!/bin/sh\necho "%s"\n' "$*" > "${T}/${PN}" || die
	exeinto /usr/bin
	doexe "${T}/${PN}"
}
