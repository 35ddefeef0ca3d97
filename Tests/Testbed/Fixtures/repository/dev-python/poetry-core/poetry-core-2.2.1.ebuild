# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

inherit python-wheel

DESCRIPTION="Build backend of poetry"
