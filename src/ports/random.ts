/** Chance. The daemon gives the system's; a simulation gives a seeded one. */
export interface Random {
  /** Uniform in [0, 1). Not for secrets. */
  next(): number
  /** Bytes that nobody can guess (in a simulation: that only the seed knows). */
  bytes(count: number): Uint8Array
}
