/** Points and spans of time. Both are plain milliseconds so that they can travel, be stored and be compared as they are. */

/** Wall-clock milliseconds since the Unix epoch. */
export type Instant = number

/** A length of time in milliseconds. */
export type Millis = number

export const second: Millis = 1_000
export const minute: Millis = 60 * second
export const hour: Millis = 60 * minute
export const day: Millis = 24 * hour
