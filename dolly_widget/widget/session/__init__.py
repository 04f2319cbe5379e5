"""What a widget is doing: its model, its answers, its status. Knows no controls."""
