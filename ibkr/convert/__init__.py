"""ibapi's objects, texts and "unset" numbers, turned into the library's types and back."""
