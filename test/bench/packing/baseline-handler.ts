import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { baselineClient, sendOnePerRecord } from "../baseline/one-call-per-record.ts";

const { AWS_ENDPOINT_URL_PINPOINT: endpoint = "", APPLICATION_IDS: applicationId = "" } = process.env;
const client = baselineClient(endpoint);

export const handler = ({ Records }: SQSEvent): Promise<SQSBatchResponse> =>
  sendOnePerRecord(Records, client, applicationId);
