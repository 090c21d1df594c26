#pragma once
/* What the rows of the command table call: each reads its arguments from the tool, asks the daemon,
 * and prints.  A fault that is returned is told by the caller. */
#include "proto/fault.h"

struct tool;

enum fault cmd_init(struct tool *tool);

enum fault cmd_cert_protect(struct tool *tool);

enum fault cmd_status(struct tool *tool);
enum fault cmd_id_show(struct tool *tool);
enum fault cmd_card_export(struct tool *tool);
enum fault cmd_card_show(struct tool *tool);
enum fault cmd_card_diff(struct tool *tool);

enum fault cmd_cert_switched(struct tool *tool);
enum fault cmd_id_roll(struct tool *tool);
enum fault cmd_id_revoke(struct tool *tool);
enum fault cmd_peer_revoke(struct tool *tool);
enum fault cmd_cert_rotate(struct tool *tool);

enum fault cmd_peer_add(struct tool *tool);
enum fault cmd_peer_verify(struct tool *tool);
enum fault cmd_peer_list(struct tool *tool);
enum fault cmd_peer_show(struct tool *tool);
enum fault cmd_peer_ping(struct tool *tool);
enum fault cmd_cert_status(struct tool *tool);
enum fault cmd_cert_history(struct tool *tool);
enum fault cmd_cert_revoke(struct tool *tool);
enum fault cmd_cert_csr(struct tool *tool);
enum fault cmd_cert_import(struct tool *tool);
enum fault cmd_metrics(struct tool *tool);
enum fault cmd_stats(struct tool *tool);
enum fault cmd_portfolio(struct tool *tool);
enum fault cmd_doctor(struct tool *tool);

enum fault cmd_audit_export(struct tool *tool);
enum fault cmd_audit_head(struct tool *tool);
enum fault cmd_audit_list(struct tool *tool);
enum fault cmd_audit_verify(struct tool *tool);
enum fault cmd_peer_doctor(struct tool *tool);
enum fault cmd_peer_reconcile(struct tool *tool);
enum fault cmd_peer_block(struct tool *tool);
enum fault cmd_peer_unblock(struct tool *tool);
enum fault cmd_peer_remove(struct tool *tool);

enum fault cmd_queue_list(struct tool *tool);
enum fault cmd_queue_show(struct tool *tool);
enum fault cmd_queue_shape(struct tool *tool);
enum fault cmd_queue_flush(struct tool *tool);
enum fault cmd_queue_hold(struct tool *tool);
enum fault cmd_queue_release(struct tool *tool);
enum fault cmd_queue_retry(struct tool *tool);
enum fault cmd_queue_drop(struct tool *tool);
enum fault cmd_daemon_hold(struct tool *tool);
enum fault cmd_daemon_drain(struct tool *tool);

enum fault cmd_directory_list(struct tool *tool);
enum fault cmd_directory_show(struct tool *tool);
enum fault cmd_directory_search(struct tool *tool);
enum fault cmd_directory_route(struct tool *tool);
enum fault cmd_directory_import(struct tool *tool);
enum fault cmd_directory_export(struct tool *tool);
enum fault cmd_directory_announce(struct tool *tool);
enum fault cmd_directory_confirm(struct tool *tool);
enum fault cmd_directory_remove(struct tool *tool);

enum fault cmd_request_new(struct tool *tool);
enum fault cmd_request_edit(struct tool *tool);
enum fault cmd_request_validate(struct tool *tool);
enum fault cmd_request_send(struct tool *tool);
enum fault cmd_request_list(struct tool *tool);
enum fault cmd_request_show(struct tool *tool);
enum fault cmd_request_track(struct tool *tool);
enum fault cmd_request_set_status(struct tool *tool);
enum fault cmd_request_withdraw(struct tool *tool);
enum fault cmd_request_abandon(struct tool *tool);
enum fault cmd_request_approve(struct tool *tool);
enum fault cmd_request_seal(struct tool *tool);
enum fault cmd_request_assign(struct tool *tool);
enum fault cmd_request_link(struct tool *tool);
enum fault cmd_inbox_oral(struct tool *tool);
enum fault cmd_request_unlink(struct tool *tool);
enum fault cmd_request_confidentiality(struct tool *tool);
enum fault cmd_inbox_take(struct tool *tool);
enum fault cmd_request_template(struct tool *tool);
enum fault cmd_inbox_list(struct tool *tool);

enum fault cmd_acknowledge(struct tool *tool);
enum fault cmd_message_send(struct tool *tool);
enum fault cmd_message_check(struct tool *tool);
enum fault cmd_message_list(struct tool *tool);
enum fault cmd_message_show(struct tool *tool);
enum fault cmd_message_template(struct tool *tool);
enum fault cmd_attach_add(struct tool *tool);
enum fault cmd_attach_list(struct tool *tool);
enum fault cmd_attach_get(struct tool *tool);
enum fault cmd_result_send(struct tool *tool);

enum fault cmd_evidence_export(struct tool *tool);
enum fault cmd_evidence_stamp(struct tool *tool);
enum fault cmd_evidence_verify(struct tool *tool);
enum fault cmd_watch(struct tool *tool);
enum fault cmd_event_list(struct tool *tool);
enum fault cmd_consumer_list(struct tool *tool);
enum fault cmd_consumer_add(struct tool *tool);
enum fault cmd_consumer_ack(struct tool *tool);
enum fault cmd_consumer_remove(struct tool *tool);
enum fault cmd_backup_create(struct tool *tool);
enum fault cmd_backup_verify(struct tool *tool);
enum fault cmd_backup_list(struct tool *tool);
enum fault cmd_backup_restore(struct tool *tool);
enum fault cmd_store_stat(struct tool *tool);
enum fault cmd_store_check(struct tool *tool);
enum fault cmd_store_compact(struct tool *tool);
enum fault cmd_store_rekey(struct tool *tool);
enum fault cmd_case_destroy(struct tool *tool);
enum fault cmd_case_certificate(struct tool *tool);
enum fault cmd_case_notify(struct tool *tool);
enum fault cmd_store_grow(struct tool *tool);
enum fault cmd_store_purge(struct tool *tool);
enum fault cmd_request_hold(struct tool *tool);
enum fault cmd_request_release_hold(struct tool *tool);
enum fault cmd_clock_confirm(struct tool *tool);
enum fault cmd_daemon_release(struct tool *tool);

enum fault cmd_config_check(struct tool *tool);
enum fault cmd_config_show(struct tool *tool);
enum fault cmd_config_example(struct tool *tool);

enum fault cmd_explain(struct tool *tool);
enum fault cmd_version(struct tool *tool);
enum fault cmd_help(struct tool *tool);
enum fault cmd_completion(struct tool *tool);
