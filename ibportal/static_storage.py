"""Static files under hashed names, the imports of our ES modules included."""

from django.contrib.staticfiles.storage import HashedFilesMixin
from whitenoise.storage import CompressedManifestStaticFilesStorage

MODULE_IMPORT = (
    r"""(?P<matched>import(?P<names>\s[^;"']*?)\s*from\s*["'](?P<url>\./[^"']+)["']\s*;)""",
    """import%(names)s from "%(url)s";""",
)


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Rewrites `import … from "./x.js";` so that browsers may keep every file for ever.

    Django's own support_js_module_import_aggregation reads every package's scripts, and fails on
    words in the comments of htmx's; here only the project's folder is read.
    """

    patterns = (*HashedFilesMixin.patterns, ("js/*.js", (MODULE_IMPORT,)))
