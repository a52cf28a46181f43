import type { Guard } from './guard.ts'
import { marketGuards } from './market.ts'
import { moneyGuards } from './money.ts'
import { recordsGuards } from './records.ts'

export const guards: readonly Guard[] = [...recordsGuards, ...moneyGuards, ...marketGuards]
