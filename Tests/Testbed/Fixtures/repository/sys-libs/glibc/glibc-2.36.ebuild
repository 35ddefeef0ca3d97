# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

DESCRIPTION="Stands for the C library of the machine that the testbed runs on"
HOMEPAGE="https://example.org/glibc"
S="${WORKDIR}"
LICENSE="LGPL-2.1+"
SLOT="2.2"
KEYWORDS="amd64 arm64"
RESTRICT="strip"
QA_PREBUILT="*"

src_install() {
	local name path
	exeinto /usr/$(get_libdir)/glibc
	for name in libc.so.6 libm.so.6; do
		path=$(gcc -print-file-name=${name}) || die
		doexe "${path}"
	done
}
