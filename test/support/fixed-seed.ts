import fc from "fast-check";

/** Setup for mutation testing: every run tries the same samples, so that a mutant survives always or never. */
fc.configureGlobal({ seed: 24 });
