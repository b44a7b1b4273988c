// Where a file of a case is. Whether it may be read is asked when it is.

export const fileAddress = ({ reference }, caseId) => `/desk/caso/${caseId}/documento/${reference}`;
