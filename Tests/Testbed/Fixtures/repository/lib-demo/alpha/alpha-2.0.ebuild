# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

inherit demo-c

DESCRIPTION="Base of the diamond; its sub-slot is its soname"
LICENSE="GPL-2+"
SLOT="0/2"
KEYWORDS="~amd64 ~arm64"
