"""Albums: which tracks are one, what they say together, and where each stands.

`grouping` tells albums by folders and tags, `pooling` weighs evidence, both without side effects; `judged`
leads a scan through them.
"""

from tagger.albums.grouping import group, objection
from tagger.albums.holding import again, judged
from tagger.albums.pooling import helped, judge

__all__ = ["again", "group", "helped", "judge", "judged", "objection"]
