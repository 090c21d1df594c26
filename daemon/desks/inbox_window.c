#include "daemon/desks/inbox_window.h"

bool window_fill(struct window *window, size_t *all_bytes, size_t bytes)
{
	*all_bytes += bytes;
	window->bytes += bytes;
	window->arrivals++;
	if (window->arrivals >= WINDOW_ARRIVALS || window->bytes >= WINDOW_BYTES || *all_bytes >= WINDOW_ALL_BYTES)
		window->is_shut = true;
	return window->is_shut;
}

/* At the half, so that a line is not stopped and started for each. */
bool window_empty(struct window *window, size_t *all_bytes, size_t bytes)
{
	*all_bytes -= bytes;
	window->bytes -= bytes;
	window->arrivals--;
	bool is_half = window->arrivals <= WINDOW_ARRIVALS / 2 && window->bytes <= WINDOW_BYTES / 2;
	bool opens = window->is_shut && (!window->arrivals || (is_half && *all_bytes < WINDOW_ALL_BYTES));
	if (opens)
		window->is_shut = false;
	return opens;
}
