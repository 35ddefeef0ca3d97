# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

# @ECLASS: python-wheel.eclass
# @MAINTAINER: Portmanteau authors
# @SUPPORTED_EAPIS: 8
# @PROVIDES: python-utils-r1
# @BLURB: installs a build backend from its wheel
# @DESCRIPTION: for the packages that all other Python packages are built with.

case ${EAPI} in
	8) ;;
	*) die "${ECLASS}: EAPI ${EAPI:-0} not supported" ;;
esac

inherit python-utils-r1

HOMEPAGE="https://example.org/${PN}"
SRC_URI="https://example.org/wheels/${PN//-/_}-${PV}-py3-none-any.whl"
S=${WORKDIR}
LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64 arm64"
for _impl in "${_PYTHON_ALL_IMPLS[@]}"; do
	IUSE+=" python_targets_${_impl}"
done
unset _impl

# @FUNCTION: python-wheel_src_unpack
# @DESCRIPTION: nothing: a wheel is installed as it is.
python-wheel_src_unpack() {
	:
}

# @FUNCTION: python-wheel_src_install
# @DESCRIPTION: installs the wheel.
python-wheel_src_install() {
	python_install_wheel "${DISTDIR}/${A}"
}

EXPORT_FUNCTIONS src_unpack src_install
