"""What any part needs from a page: names, keys, focus, layout, messages. Knows no part."""
