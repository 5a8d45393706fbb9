-- The server's clock, in milliseconds since 1970.
SELECT DATEDIFF_BIG(millisecond, CAST('1970-01-01' AS datetime2(3)), SYSUTCDATETIME()) AS [timeMs];
