#include "daemon/keyholder/keyd_sandbox.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "proto/bytes.h"

/* For the calls that come in on the open connection, and for memory. */
static const int always[] = {
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(sendto),
	SCMP_SYS(sendmsg), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(restart_syscall),
	SCMP_SYS(brk), SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect), SCMP_SYS(madvise),
	SCMP_SYS(futex), SCMP_SYS(getrandom), SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep), SCMP_SYS(gettimeofday),
	SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(sched_yield), SCMP_SYS(rseq),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack), SCMP_SYS(tgkill),
	SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(lseek), SCMP_SYS(close), SCMP_SYS(exit), SCMP_SYS(exit_group),
};

/* A module for PKCS#11: files, its own locks, and pcscd. */
static const int for_tokens[] = {
	SCMP_SYS(openat), SCMP_SYS(open), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(statx), SCMP_SYS(access), SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2), SCMP_SYS(getdents64), SCMP_SYS(readlink), SCMP_SYS(pread64), SCMP_SYS(pwrite64), SCMP_SYS(fcntl),
	SCMP_SYS(flock), SCMP_SYS(fsync), SCMP_SYS(ftruncate), SCMP_SYS(rename), SCMP_SYS(unlink), SCMP_SYS(umask),
	SCMP_SYS(ioctl), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(uname),
	SCMP_SYS(connect), SCMP_SYS(shutdown), SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(select), SCMP_SYS(pselect6),
};

/* Nobody who means well asks for these here. */
static const int deadly[] = {
	SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(clone), SCMP_SYS(clone3),
	SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(bind), SCMP_SYS(listen),
	SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(mount), SCMP_SYS(setns), SCMP_SYS(unshare), SCMP_SYS(bpf),
};

static int add_all(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t count)
{
	int result = 0;
	for (size_t i = 0; i < count && !result; i++)
		result = seccomp_rule_add(filter, action, calls[i], 0);
	return result;
}

/* Without a token no socket at all: whoever asks for one is not us. */
static int add_sockets(scmp_filter_ctx filter, enum sandbox sandbox)
{
	if (sandbox != SANDBOX_TOKEN)
		return seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(socket), 0);
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, 1 /* AF_UNIX */));
}

static int load(scmp_filter_ctx filter, enum sandbox sandbox)
{
	int result = add_all(filter, SCMP_ACT_ALLOW, always, ARRAY_LEN(always));
	if (!result)
		result = add_all(filter, SCMP_ACT_KILL_PROCESS, deadly, ARRAY_LEN(deadly));
	if (!result && sandbox == SANDBOX_TOKEN)
		result = add_all(filter, SCMP_ACT_ALLOW, for_tokens, ARRAY_LEN(for_tokens));
	if (!result)
		result = add_sockets(filter, sandbox);
	return result ? result : seccomp_load(filter);
}

enum fault sandbox_enter(enum sandbox sandbox)
{
	/* Best effort, both: the first needs a privilege or namespaces of users, the second a high enough RLIMIT_MEMLOCK.
	 * Keys and secrets are in OpenSSL's locked heap in any case (certs/secret.h). */
	if (unshare(CLONE_NEWNET))
		unshare(CLONE_NEWUSER | CLONE_NEWNET);
	mlockall(MCL_CURRENT | MCL_ONFAULT);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return fault_say(FAULT_INTERNAL, "privileges cannot be given up: %s", strerror(errno));
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int result = filter ? load(filter, sandbox) : -ENOMEM;
	seccomp_release(filter);
	return result ? fault_say(FAULT_INTERNAL, "the system calls cannot be filtered: %s", strerror(-result)) : OK;
}
