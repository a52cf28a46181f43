/** How people name an operator key. */
import { z } from 'zod'

export const operatorKey = z
  .string()
  .regex(/^12D3KooW[1-9A-HJ-NP-Za-km-z]{44}$/, 'must be an operator’s id, as `clawbernetes operator key` prints it')
