from setuptools import setup

setup(name="abacus-core", version="2.0", py_modules=["abacus_core"])
