"""`make live` builds after an edit and loads pages anew in a real Chromium, where the reader was."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import Site, build_small_site, command
from playwright.sync_api import Browser, Page, expect

PAGE = "double_backward/square"
SCRIPT = "gallery/double_backward/square.py"
CATALOGUE = "docs/locale/zh_CN/LC_MESSAGES/index.po"
BEFORE = 'msgid "{}"\nmsgstr "{}"\n'
