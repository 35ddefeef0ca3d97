# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

DESCRIPTION="Virtual for the C library"
SLOT="0"
KEYWORDS="amd64 arm64"

RDEPEND="sys-libs/glibc:2.2"
