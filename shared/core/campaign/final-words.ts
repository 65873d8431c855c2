import { LETTERS } from "../ledger/result.ts";
import type { FinalWord } from "./campaign.ts";

/** What a recipient may come to for good, in the order in which it is told. */
export const FINAL_WORDS = Object.keys(LETTERS).filter(
  (word): word is FinalWord => word !== "retry" && word !== "held",
);
