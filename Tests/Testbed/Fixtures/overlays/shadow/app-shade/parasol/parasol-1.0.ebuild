# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

inherit demo-c

DESCRIPTION="Inherits what its overlay puts in place of the tree's eclass"
LICENSE="GPL-2+"
SLOT="0"
KEYWORDS="amd64 arm64"
