from ._libwal import *
