/** How much a backup may be: beyond this it is no backup of ours, but something that wants the disk. */

/** As it is sent and kept. */
export const UPLOAD_BYTES_MAX = 16e9
/** Unpacked; less where the disk has less. */
export const UNPACKED_BYTES_MAX = 64e9
export const ENTRIES_MAX = 200_000
/** Left free on the disk, whatever happens. */
export const DISK_RESERVE_BYTES = 500e6
/** For unpacking, opening and reading all of it. */
export const CHECK_MS_MAX = 60 * 60_000
/** Longest silence while a backup is sent: a sender that is gone must not keep others from making one. */
export const UPLOAD_IDLE_MS_MAX = 60_000
