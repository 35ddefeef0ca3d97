#!/bin/sh
echo bobbin 2.1
