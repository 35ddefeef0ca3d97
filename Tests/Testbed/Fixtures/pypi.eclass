# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

# @ECLASS: pypi.eclass
# @MAINTAINER: Portmanteau authors
# @SUPPORTED_EAPIS: 8
# @BLURB: source archives of the testbed's Python index
# @DESCRIPTION: sets SRC_URI and S as the eclass of this name does. The testbed writes the index's address into it.

case ${EAPI} in
	8) ;;
	*) die "${ECLASS}: EAPI ${EAPI:-0} not supported" ;;
esac

if [[ -z ${_PYPI_ECLASS} ]]; then
_PYPI_ECLASS=1

# @ECLASS_VARIABLE: PYPI_PN
# @PRE_INHERIT
# @DESCRIPTION: the project's name; that of the package by default.
: "${PYPI_PN:=${PN}}"

_pypi_set_globals() {
	local name=${PYPI_PN,,} version=${PV/_alpha/a}
	shopt -s extglob
	name=${name//+([-_.])/_}
	shopt -u extglob
	version=${version/_beta/b}
	version=${version/_rc/rc}
	version=${version/_p/.post}
	SRC_URI="@SERVER@/source/${PYPI_PN::1}/${PYPI_PN}/${name}-${version}.tar.gz"
	S=${WORKDIR}/${name}-${version}
}
_pypi_set_globals
unset -f _pypi_set_globals

fi
