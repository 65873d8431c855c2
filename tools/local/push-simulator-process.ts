/** The push simulator's entry under a name that a bundle can have beside the command. */
import "./push-simulator/main.ts";
