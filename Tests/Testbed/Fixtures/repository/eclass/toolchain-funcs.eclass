# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

# @ECLASS: toolchain-funcs.eclass
# @MAINTAINER: Portmanteau authors
# @SUPPORTED_EAPIS: 8
# @BLURB: names the tools of the toolchain
# @DESCRIPTION: what ebuilds with a plain Makefile need of the eclass of this name.

case ${EAPI} in
	8) ;;
	*) die "${ECLASS}: EAPI ${EAPI:-0} not supported" ;;
esac

# @FUNCTION: tc-export
# @USAGE: <variables>
# @DESCRIPTION: exports AR, CC or CXX for the machine that is built for.
tc-export() {
	local variable tool
	for variable; do
		case ${variable} in
			AR) tool=ar ;;
			CC) tool=gcc ;;
			CXX) tool=g++ ;;
			*) die "tc-export: ${variable} is not known" ;;
		esac
		export "${variable}=${!variable:-${CHOST}-${tool}}"
	done
}
