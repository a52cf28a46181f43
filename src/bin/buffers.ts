/** How the memory of buffers weighs with the garbage collector. */
import { setFlagsFromString } from 'node:v8'

/**
 * V8 starts to look through the whole heap with every 64 MiB of buffers, however short they live: each look takes longer than to pass on as
 * much of somebody's output. This counts them as the heap is counted, which lets them grow with it. Only where V8 is known to have it: it
 * complains of what it does not know. It is read anew each time that V8 decides, so it may be set while it runs.
 */
export function countBuffersAsHeap(): void {
  if (process.versions.v8.startsWith('13.6.')) setFlagsFromString('--external-memory-accounted-in-global-limit')
}
