CREATE TABLE account (
    name    text   PRIMARY KEY,
    balance bigint NOT NULL CHECK (balance >= 0)
);

CREATE FUNCTION transfer(payer text, payee text, amount bigint) RETURNS void LANGUAGE sql AS $$
    UPDATE account SET balance = balance - amount WHERE name = payer;
    UPDATE account SET balance = balance + amount WHERE name = payee;
$$;
