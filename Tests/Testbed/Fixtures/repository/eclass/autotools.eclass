# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

# @ECLASS: autotools.eclass
# @MAINTAINER: Portmanteau authors
# @SUPPORTED_EAPIS: 8
# @BLURB: makes configure scripts in the test repository
# @DESCRIPTION: has the function of the eclass of this name that ebuilds call. The autotools are those of the machine
# that the testbed is on.

case ${EAPI} in
	8) ;;
	*) die "${ECLASS}: EAPI ${EAPI:-0} not supported" ;;
esac

# @FUNCTION: eautoreconf
# @DESCRIPTION: makes configure and the files that it needs.
eautoreconf() {
	autoreconf --force --install "$@" || die
}
