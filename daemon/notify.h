#pragma once
/* Tell the service manager how we are, as sd_notify(3) does; nothing happens when there is none. */
void notify_manager(const char *state);		/* "READY=1", "STOPPING=1", "STATUS=..." */
