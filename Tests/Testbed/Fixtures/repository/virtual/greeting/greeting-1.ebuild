# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

DESCRIPTION="Virtual for a program that greets"
SLOT="0"
KEYWORDS="amd64 arm64"

RDEPEND="|| ( app-demo/hello app-demo/hallo )"
