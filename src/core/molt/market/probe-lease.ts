/** What is rented to challenge a provider: one GPU of it, for some minutes, with work that only waits while a program beside it is asked. */
import type { MicroMolt } from '../../../model/amount.ts'
import type { Want } from '../../../model/molt-want.ts'
import type { Work } from '../../../model/molt-work.ts'
import { minute, second } from '../../../model/time.ts'
import type { Buying } from './preferences.ts'

const duration = 5 * minute

interface Lease {
  readonly wish: Omit<Want, 'network' | 'buyer' | 'nonce' | 'issuedAt' | 'deadline'>
  readonly work: Work
}

/** Whatever is known of the provider: that is to be found out. */
export function probeLease(
  image: Want['image'],
  { maxTotal, isolation, arbiters }: Pick<Buying, 'isolation' | 'arbiters'> & { readonly maxTotal: MicroMolt },
): Lease {
  return {
    wish: {
      ...{
        gpus: 1,
        model: null,
        memoryMib: 0,
        duration,
        maxTotal,
        minReputation: 0,
        preferred: [],
        region: null,
        image,
      },
      ...{ isolation: [...isolation], arbiters: [...arbiters], minVerification: 'self-reported', strategy: 'balanced' },
    },
    work: {
      ...{ image: `${image.name}@${image.digest}`, command: ['sleep', String(duration / second)], entrypoint: null },
      ...{ env: {}, workdir: null, cpus: null, memoryMib: null, shmMib: null },
    },
  }
}
