"""Toybox: a fourth cloud that keeps everything in the files of one folder and runs functions in one process.

It proves that a cloud needs nothing outside its own folder: l3kit finds it by an entry point, like the cloud of any
installed package. It has no real accounts; a sandbox runs it.
"""
