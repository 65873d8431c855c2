import { LANES, type Lane } from "../../shared/core/rate/lane.ts";

export const LANE_NAMES = Object.keys(LANES) as readonly Lane[];
