/** What a disk does without us: what figures of durable writes are to be held against. */
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'

/** How many times a second this disk takes a small record, one after the other. */
export function bareFsyncs(directory: string): number {
  const path = join(directory, 'fsync-probe')
  const file = openSync(path, 'w')
  const record = Buffer.alloc(256)
  const start = performance.now()
  let count = 0
  for (; performance.now() - start < 2_000; count += 1) {
    writeSync(file, record)
    fsyncSync(file)
  }
  closeSync(file)
  rmSync(path)
  return (count * 1_000) / (performance.now() - start)
}
